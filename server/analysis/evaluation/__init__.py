"""How good a trained model is, in numbers, files and a page for people."""
