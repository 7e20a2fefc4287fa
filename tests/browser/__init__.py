"""Tests that drive a real Chromium against a real Jupyter server on this machine."""
