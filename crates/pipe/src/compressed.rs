//! Compressed tables: gzip and Zstandard, told by their first bytes when read and by the file's suffix when written.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Something to read from.
pub(crate) type Input = Box<dyn BufRead + Send>;

/// The uncompressed bytes of an input. What is not compressed passes through as it is.
///
/// # Errors
///
/// If the first bytes cannot be read. Data that are damaged or cut off are an error where they are read.
pub(crate) fn uncompressed(mut input: Input, buffer: usize) -> io::Result<Input> {
    let mut first = Vec::new();
    // A pipe may deliver its first bytes one by one.
    input.by_ref().take(ZSTD.len() as u64).read_to_end(&mut first)?;
    let (gzip, zstd) = (first.starts_with(&GZIP), first == ZSTD);
    let whole: Input = Box::new(Cursor::new(first).chain(input));
    Ok(if gzip {
        Box::new(BufReader::with_capacity(buffer, Gzip(MultiGzDecoder::new(whole))))
    } else if zstd {
        Box::new(BufReader::with_capacity(buffer, Zstd { frame: None, next: Some(whole) }))
    } else {
        whole
    })
}

struct Gzip(MultiGzDecoder<Input>);

impl Read for Gzip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| damaged("gzip", &error))
    }
}

/// Frames that follow one another: `cat a.zst b.zst` is one file, as with gzip.
struct Zstd {
    frame: Option<StreamingDecoder<Input, FrameDecoder>>,
    /// What follows the last frame.
    next: Option<Input>,
}

impl Read for Zstd {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(out).map_err(|error| damaged("zstd", &error))?;
                if count > 0 || out.is_empty() {
                    return Ok(count);
                }
            }
            if let Some(frame) = self.frame.take() {
                check_sum(&frame.decoder)?;
                self.next = Some(frame.into_inner());
            }
            let Some(mut input) = self.next.take() else { return Ok(0) };
            if input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(StreamingDecoder::new(input).map_err(|error| damaged("zstd", &error))?);
        }
    }
}

fn check_sum(decoder: &FrameDecoder) -> io::Result<()> {
    let promised = decoder.get_checksum_from_data();
    if promised.is_some() && promised != decoder.get_calculated_checksum() {
        return Err(damaged("zstd", &"wrong checksum"));
    }
    Ok(())
}

fn damaged(format: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the {format} data are damaged or cut off ({error})"))
}

/// A file that is compressed while it is written, or not.
pub(crate) enum Encoder<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
    Zstd(ZstdEncoder<W>),
}

impl<W: Write> Encoder<W> {
    /// Chooses by the suffix `.gz` or `.zst` of the path.
    pub(crate) fn by_suffix(path: &Path, file: W) -> Self {
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("gz") => Self::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::default()))),
            Some("zst") => Self::Zstd(ZstdEncoder { file, block: Vec::new() }),
            _ => Self::Plain(file),
        }
    }

    /// Writes what is still held back; the file.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(mut encoder) => {
                encoder.write_frame()?;
                Ok(encoder.file)
            }
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Ends no block: that would cost compression, and nobody reads an unfinished file.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a frame for every few megabytes, because the compressor takes a frame at a time.
pub(crate) struct ZstdEncoder<W> {
    file: W,
    block: Vec<u8>,
}

impl<W: Write> ZstdEncoder<W> {
    const FRAME: usize = 4 << 20;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= Self::FRAME {
            self.write_frame()?;
        }
        Ok(bytes.len())
    }

    fn write_frame(&mut self) -> io::Result<()> {
        let frame = compress_to_vec(&self.block[..], CompressionLevel::Fastest);
        self.block.clear();
        self.file.write_all(&frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(name: &str, text: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::by_suffix(Path::new(name), Vec::new());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        let input = BufReader::with_capacity(1, Cursor::new(bytes.to_vec()));
        uncompressed(Box::new(input), 64)?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn compressed_data_are_read_by_content() {
        let text = b"image,value\na,1\n".repeat(400_000);
        for name in ["a.csv", "a.csv.gz", "a.csv.zst"] {
            let bytes = compressed(name, &text);
            assert_eq!(bytes.len() == text.len(), name == "a.csv");
            assert!(read(&bytes).unwrap() == text, "{name}");
            assert!(read(&bytes.repeat(2)).unwrap() == text.repeat(2), "{name} twice");
        }
        for short in [&b""[..], b"(", b"\x1f"] {
            assert_eq!(read(short).unwrap(), short);
        }
    }

    #[test]
    fn cut_or_changed_data_are_an_error_at_every_length() {
        let text = b"image,value\na,1\nb,2\n";
        for name in ["a.gz", "a.zst"] {
            let bytes = compressed(name, text);
            for length in 4..bytes.len() {
                let error = read(&bytes[..length]).unwrap_err().to_string();
                assert!(error.contains("damaged or cut off"), "{name}, {length} bytes: {error}");
            }
            let mut changed = bytes.clone();
            let last = changed.len() - 1;
            changed[last] ^= 1;
            assert!(read(&changed).is_err(), "{name}: a wrong checksum");
        }
    }
}
