"""From text to notebook to release: what students may see leaves, and nothing else."""
