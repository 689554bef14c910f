"""A short film, made of two photographs, for the examples."""

from pathlib import Path

import av
import numpy as np
from PIL import Image

IMAGES = Path(__file__).parent / "images"


def write_film(path: Path) -> None:
    """Two seconds of each photograph, over which the camera moves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", 10)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        for name in ("collins.jpg", "hopper.jpg"):
            photograph = Image.open(IMAGES / name).convert("RGB").resize((400, 400))
            for step in range(20):
                seen = photograph.crop((step, step, step + 360, step + 360)).resize((320, 320))
                file.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(seen), "rgb24")))
        file.mux(stream.encode())
