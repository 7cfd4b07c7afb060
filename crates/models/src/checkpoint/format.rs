//! What a weight file is, by its first bytes.

/// Formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A length, and a JSON header of that length.
    Safetensors,
    /// A zip archive, a tar archive or pickles: whatever `torch.save` wrote in its time.
    Torch,
    /// JSON that says which file holds which tensor.
    Index,
}

/// How many of the first bytes are looked at.
pub(super) const HEAD: usize = 512;

/// The beginnings of files that are mistaken for weights, and what they are.
const OTHERS: [(&[u8], &str); 7] = [
    (images::lfs::START, images::lfs::MEANING),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file as Keras writes; export the network to ONNX, which --model takes (docs/onnx.md)",
    ),
    (b"\x93NUMPY", "a NumPy array, not weights by name"),
    (b"GGUF", "a GGUF file, which is not read"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"<", "a web page or XML, not weights: the download went wrong"),
    (b"\x89PNG", "an image"),
];

/// The format, or what the file is instead.
pub(super) fn recognise(head: &[u8]) -> Result<Format, String> {
    let has = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
    let text = head.trim_ascii_start();
    if head.is_empty() {
        return Err("the file is empty".into());
    }
    if is_safetensors(head) {
        return Ok(Format::Safetensors);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| text.starts_with(start)) {
        return Err((*what).into());
    }
    if is_onnx(head) {
        return Err("an ONNX file, which is a whole network: --model takes it, without --weights".into());
    }
    if head.starts_with(b"PK") && (has(b"model.weights.h5") || has(b"metadata.json")) {
        return Err("a Keras file; export the network to ONNX, which --model takes (docs/onnx.md)".into());
    }
    if text.starts_with(b"{") {
        return Ok(Format::Index);
    }
    let tar = head.get(257..262) == Some(b"ustar");
    let pickle = matches!(head[0], 0x80 | b'(' | b'}' | b']' | b'c');
    // Protocol 0 writes the magic number of `torch.save` as text.
    if tar || pickle || head.starts_with(b"PK") || has(b"119547037146038801333356") {
        return Ok(Format::Torch);
    }
    Err("neither safetensors nor a PyTorch file".into())
}

/// The length of a header that starts with a brace.
fn is_safetensors(head: &[u8]) -> bool {
    const LARGEST: u64 = 100_000_000;
    let length = head.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    length.is_some_and(|length| length <= LARGEST) && head.get(8) == Some(&b'{')
}

/// The version of the format (field 1), and another field of a `ModelProto` behind it.
pub(super) fn is_onnx(head: &[u8]) -> bool {
    matches!(head, [0x08, 1..=64, 0x12 | 0x1a | 0x22 | 0x2a | 0x32 | 0x3a | 0x42, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_content() {
        let safe = [&12_u64.to_le_bytes()[..], b"{\"a\":1}"].concat();
        assert_eq!(recognise(&safe), Ok(Format::Safetensors));
        // A header of 128 bytes starts as a pickle does.
        assert_eq!(recognise(&[&128_u64.to_le_bytes()[..], b"{}"].concat()), Ok(Format::Safetensors));
        for torch in [&b"PK\x03\x04\0\0archive/data.pkl"[..], b"\x80\x02\x8a\nl\xfc\x9cF", b"(dp0"] {
            assert_eq!(recognise(torch), Ok(Format::Torch));
        }
        assert_eq!(recognise(b"{\n \"weight_map\": {}}"), Ok(Format::Index));
    }

    #[test]
    fn what_is_mistaken_for_weights_is_named() {
        for (head, what) in [
            (&b""[..], "empty"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS"),
            (b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
            (b"PK\x03\x04\x14\0\0\0metadata.json", "Keras"),
            (b"\n<!DOCTYPE html>", "web page"),
            (b"\x08\x08\x12\x07pytorch", "ONNX"),
            (b"weights: conv1", "neither"),
        ] {
            let error = recognise(head).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }
}
