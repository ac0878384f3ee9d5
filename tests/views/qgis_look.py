"""What QGIS makes of a raster and its style, as JSON and a picture; run by the system's Python.

python3 qgis_look.py RASTER PICTURE WIDTH HEIGHT
"""

import json
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

raster, picture, width, height = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
application = QgsApplication([], False)
application.initQgis()
layer = QgsRasterLayer(raster, "trend")
renderer = layer.renderer()
facts = {"valid": layer.isValid(), "renderer": renderer.type(), "bands": renderer.usesBands()}
if renderer.type() == "paletted":
    facts["classes"] = [(c.value, c.label, c.color.name()) for c in renderer.classes()]
elif renderer.type() == "singlebandpseudocolor":
    shader = renderer.shader().rasterShaderFunction()
    facts["ramp"] = shader.colorRampType()
    facts["classes"] = [(i.value, i.label, i.color.name()) for i in shader.colorRampItemList()]
settings = QgsMapSettings()
settings.setLayers([layer])
settings.setExtent(layer.extent())
settings.setOutputSize(QSize(width, height))
settings.setBackgroundColor(QColor(173, 173, 173))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
job.renderedImage().save(picture)
del job, renderer, layer
application.exitQgis()
json.dump(facts, sys.stdout)
