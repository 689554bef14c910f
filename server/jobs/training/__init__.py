"""The training of a model, stage by stage."""
