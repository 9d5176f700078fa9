"""Vitral turns a folder of pictures into a working model."""
