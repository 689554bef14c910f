"""The people whom RecognizeCelebrities knows, taken in from a disk."""
