//! Numbers on the command line.

fn number(text: &str, wanted: &str, is: impl Fn(f64) -> bool) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|&number: &f64| number.is_finite() && is(number))
        .ok_or_else(|| wanted.into())
}

/// The value of a flag above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    number(text, "a positive number is needed", |number| number > 0.0)
}

/// The value of a flag from zero.
pub fn not_negative(text: &str) -> Result<f64, String> {
    number(text, "a number from 0 is needed", |number| number >= 0.0)
}

/// The value of a flag from zero and below 1.
pub fn share(text: &str) -> Result<f64, String> {
    number(text, "a number from 0 and below 1 is needed", |number| (0.0..1.0).contains(&number))
}
