"""Many windows at once: in processes, in threads, on a cluster."""
