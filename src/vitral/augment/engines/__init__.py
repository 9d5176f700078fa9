"""Engines: what carries a plan out, compiled on the processor or in tensors anywhere."""
