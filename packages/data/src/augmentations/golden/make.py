"""Writes torchvision.json: operations of torchvision on pixels of 8 bits, for operations.test.ts.

    python3 make.py        (pip install torch torchvision)

Images are as high as even and as wide as odd, [height, width, channels]. One is noise, one smooth, so that histograms
have empty levels. Moves take the nearest pixel; where two are as near, libraries differ, so that no angle or slope
here meets that.
"""
import json, math, pathlib
import torch
from torchvision.transforms.v2 import functional as F

torch.manual_seed(0)
noise = torch.randint(0, 256, (3, 12, 9), dtype=torch.uint8)
ramp = torch.linspace(0, 1, 12)[:, None] * torch.linspace(0.2, 1, 9)[None]
smooth = torch.stack([40 + 150 * ramp, 250 - 90 * ramp, 128 + 0 * ramp]).to(torch.uint8)
affine = dict(angle=0.0, translate=[0, 0], scale=1.0, shear=[0.0, 0.0])
degrees = lambda part: math.degrees(math.atan(part))
calls = [
    ("shearX", 0.23, lambda x, s: F.affine(x, **{**affine, "shear": [degrees(s), 0.0]}, center=[0, 0])),
    ("shearX", -0.11, lambda x, s: F.affine(x, **{**affine, "shear": [degrees(s), 0.0]}, center=[0, 0])),
    ("shearY", 0.17, lambda x, s: F.affine(x, **{**affine, "shear": [0.0, degrees(s)]}, center=[0, 0])),
    ("translateX", 3.7, lambda x, s: F.affine(x, **{**affine, "translate": [int(s), 0]})),
    ("translateY", -2.2, lambda x, s: F.affine(x, **{**affine, "translate": [0, int(s)]})),
    ("rotate", 17.0, F.rotate),
    ("rotate", -28.0, F.rotate),
    ("brightness", 1.6, F.adjust_brightness),
    ("color", 0.3, F.adjust_saturation),
    ("color", 1.8, F.adjust_saturation),
    ("contrast", 0.4, F.adjust_contrast),
    ("contrast", 1.5, F.adjust_contrast),
    ("sharpness", 0.1, F.adjust_sharpness),
    ("sharpness", 1.9, F.adjust_sharpness),
    ("posterize", 5, F.posterize),
    ("solarize", 0.6, lambda x, s: F.solarize(x, 255 * s)),
    ("autoContrast", 0, lambda x, s: F.autocontrast(x)),
    ("equalize", 0, lambda x, s: F.equalize(x)),
    ("invert", 0, lambda x, s: F.invert(x)),
]
flat = lambda x: x.permute(1, 2, 0).flatten().tolist()
images = torch.stack([noise, smooth])
cases = [{"name": name, "strength": s, "pixels": flat2} for name, s, call in calls
         for flat2 in [[flat(call(image, s)) for image in images]]]
grey = torch.stack([noise[:1], smooth[:1]])
cases_grey = [{"name": name, "strength": s, "pixels": [flat(call(image, s)) for image in grey]}
              for name, s, call in calls if name in ("color", "contrast", "equalize", "sharpness", "rotate")]
made = {"images": [flat(image) for image in images], "cases": cases,
        "grey": [flat(image) for image in grey], "greyCases": cases_grey}
(pathlib.Path(__file__).parent / "torchvision.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")
