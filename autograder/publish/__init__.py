"""From text to notebook to release, letting out only what students may see."""
