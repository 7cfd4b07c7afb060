"""Comparison with PyTorch and its libraries on real weights and at full size."""
