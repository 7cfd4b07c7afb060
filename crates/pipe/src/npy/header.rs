//! The text in front of an array, and the kinds of numbers it can announce.

use std::io::{Cursor, ErrorKind, Read};

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};

use super::{Error, Result, Shape, count};

pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";
const LONGEST: u64 = 1 << 16;

/// Brackets within brackets that a header may have: `{'shape': (3,)}` has two, a structure's `[('x', '<f4')]` another. The parser
/// takes twice as long for each, or longer: an hour for a few dozen.
const DEEPEST: usize = 4;

/// What a value is, on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // NumPy's own names.
pub enum Kind {
    F2,
    F4,
    F8,
    U1,
    U2,
    U4,
    U8,
    I1,
    I2,
    I4,
    I8,
    B1,
}

/// What stands in front of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the values are.
    pub kind: Kind,
    /// Whether a value's highest byte comes first.
    pub big_endian: bool,
    /// Whether the first axis is the fastest.
    pub fortran: bool,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Bytes in front of the data.
    pub start: u64,
    /// Bytes of data.
    pub bytes: u64,
}

impl Header {
    /// Reads a header and stops at the first byte of data.
    ///
    /// # Errors
    ///
    /// If it is damaged, hostile, or announces something else than real numbers.
    pub fn read(source: &mut impl Read) -> Result<Self> {
        let text = header_bytes(source)?;
        if deepest(&text) > DEEPEST {
            return Err(Error::Header("brackets stand within brackets".to_owned()));
        }
        let header =
            NpyHeader::from_reader(Cursor::new(&text)).map_err(|error| Error::Header(short(&error)))?;
        let (kind, big_endian) = kind(&header.dtype())?;
        let too_large = || Error::TooLarge(Shape(header.shape().to_vec()));
        let shape: Vec<usize> = header
            .shape()
            .iter()
            .map(|length| usize::try_from(*length).ok())
            .collect::<Option<_>>()
            .ok_or_else(too_large)?;
        let bytes = count(&shape).and_then(|values| values.checked_mul(kind.size())).ok_or_else(too_large)?;
        let fortran = header.order() == Order::Fortran;
        Ok(Self { kind, big_endian, fortran, shape, start: text.len() as u64, bytes: bytes as u64 })
    }
}

/// How many brackets are open at once, those within quotes counted too.
fn deepest(text: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// The magic, version, length and text of a header, none of it longer than allowed.
fn header_bytes(source: &mut impl Read) -> Result<Vec<u8>> {
    let mut bytes = vec![0; 10];
    source.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Error::Magic,
        _ => error.into(),
    })?;
    if !bytes.starts_with(MAGIC) {
        return Err(Error::Magic);
    }
    let length = match (bytes[6], bytes[7]) {
        (1, 0) => u64::from(u16::from_le_bytes([bytes[8], bytes[9]])),
        (2 | 3, 0) => {
            let mut high = [0; 2];
            source.read_exact(&mut high).map_err(cut_off)?;
            bytes.extend(high);
            u64::from(u32::from_le_bytes([bytes[8], bytes[9], high[0], high[1]]))
        }
        (major, minor) => return Err(Error::Version(major, minor)),
    };
    if length > LONGEST {
        return Err(Error::HeaderLength(length));
    }
    let start = bytes.len();
    bytes.resize(start + length as usize, 0);
    source.read_exact(&mut bytes[start..]).map_err(cut_off)?;
    Ok(bytes)
}

fn cut_off(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::Header("it is cut off".to_owned()),
        _ => error.into(),
    }
}

/// The first line of a message, cut: a parser may quote the whole header.
fn short(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}

fn kind(dtype: &DType) -> Result<(Kind, bool)> {
    let DType::Plain(text) = dtype else {
        return Err(Error::Kind("structured".to_owned()));
    };
    let kind = match (text.type_char(), text.size_field()) {
        (TypeChar::Float, 2) => Kind::F2,
        (TypeChar::Float, 4) => Kind::F4,
        (TypeChar::Float, 8) => Kind::F8,
        (TypeChar::Uint, 1) => Kind::U1,
        (TypeChar::Uint, 2) => Kind::U2,
        (TypeChar::Uint, 4) => Kind::U4,
        (TypeChar::Uint, 8) => Kind::U8,
        (TypeChar::Int, 1) => Kind::I1,
        (TypeChar::Int, 2) => Kind::I2,
        (TypeChar::Int, 4) => Kind::I4,
        (TypeChar::Int, 8) => Kind::I8,
        (TypeChar::Bool, 1) => Kind::B1,
        _ => return Err(Error::Kind(name(text))),
    };
    Ok((kind, text.endianness() == Endianness::Big))
}

fn name(text: &TypeStr) -> String {
    let kind = match text.type_char() {
        TypeChar::Complex => "complex",
        TypeChar::ByteStr | TypeChar::UnicodeStr => "string",
        TypeChar::Object => "pickled Python object",
        TypeChar::DateTime | TypeChar::TimeDelta => "time",
        _ => "raw",
    };
    format!("{kind} ('{text}')")
}

impl Kind {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::U1 | Self::I1 | Self::B1 => 1,
            Self::F2 | Self::U2 | Self::I2 => 2,
            Self::F4 | Self::U4 | Self::I4 => 4,
            Self::F8 | Self::U8 | Self::I8 => 8,
        }
    }

    /// Appends the values in `bytes`, whose length is a multiple of the value's size.
    pub(super) fn decode<T: Real>(self, big_endian: bool, bytes: &[u8], out: &mut Vec<T>) {
        match self {
            Self::F2 => each(bytes, big_endian, out, |b| half::f16::from_le_bytes(b).to_f64()),
            Self::F4 => each(bytes, big_endian, out, |b| f32::from_le_bytes(b).into()),
            Self::F8 => each(bytes, big_endian, out, f64::from_le_bytes),
            Self::U1 => each(bytes, big_endian, out, |[b]| b.into()),
            Self::U2 => each(bytes, big_endian, out, |b| u16::from_le_bytes(b).into()),
            Self::U4 => each(bytes, big_endian, out, |b| u32::from_le_bytes(b).into()),
            Self::U8 => each(bytes, big_endian, out, |b| u64::from_le_bytes(b) as f64),
            Self::I1 => each(bytes, big_endian, out, |b| i8::from_le_bytes(b).into()),
            Self::I2 => each(bytes, big_endian, out, |b| i16::from_le_bytes(b).into()),
            Self::I4 => each(bytes, big_endian, out, |b| i32::from_le_bytes(b).into()),
            Self::I8 => each(bytes, big_endian, out, |b| i64::from_le_bytes(b) as f64),
            Self::B1 => each(bytes, big_endian, out, |[b]| u8::from(b != 0).into()),
        }
    }
}

/// What the values of a file become.
pub(super) trait Real {
    /// The nearest one.
    fn nearest(value: f64) -> Self;
}

impl Real for f32 {
    fn nearest(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    fn nearest(value: f64) -> Self {
        value
    }
}

fn each<const N: usize, T: Real>(
    bytes: &[u8],
    big_endian: bool,
    out: &mut Vec<T>,
    value: impl Fn([u8; N]) -> f64,
) {
    let (values, _) = bytes.as_chunks::<N>();
    let value = |bytes| T::nearest(value(bytes));
    if big_endian {
        out.extend(values.iter().map(|bytes| {
            let mut bytes = *bytes;
            bytes.reverse();
            value(bytes)
        }));
    } else {
        out.extend(values.iter().map(|bytes| value(*bytes)));
    }
}
