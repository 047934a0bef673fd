"""Knowledge graph, distillation and the surface index's tables; stays home."""
