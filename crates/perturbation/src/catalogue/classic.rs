//! The perturbation of the Meaningful Perturbation metric's baselines.

use super::Entry;
use super::gradual::until_an_end;

pub(super) const ENTRY: Entry = Entry {
    name: "classic",
    summary: "the image, its first pixels replaced, at fractions 0, 0.1 ... `end`",
    source: "the classic baselines of the inpainting study: delete is fill=black, blur fill=pil-blur, mean fill=mean; end=0.5 \
             for 10 to 50 %",
    build: until_an_end,
};
