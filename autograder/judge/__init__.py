"""From a submission to its scores: read it, fit it into the frame, run it, score it."""
