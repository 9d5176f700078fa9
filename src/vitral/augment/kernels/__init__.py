"""Kernels: compiled loops. Importing one compiles it, or reads what an earlier process compiled."""
