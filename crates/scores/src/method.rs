//! Method specs that carry steps on maps.

/// The method without the steps on its maps: `random` of `random+reduce=abs`.
///
/// Steps stand behind a `+` that is followed by a letter; `rise:p=1e+3` has none.
pub fn without_steps(method: &str) -> &str {
    let starts_step =
        |(at, _): &(usize, &str)| method[at + 1..].chars().next().is_some_and(char::is_alphabetic);
    method.match_indices('+').find(starts_step).map_or(method, |(at, _)| &method[..at])
}

#[cfg(test)]
mod tests {
    use super::without_steps;

    #[test]
    fn steps_stand_behind_a_plus_and_a_letter() {
        for (method, base) in [
            ("random", "random"),
            ("random+reduce=abs", "random"),
            ("random:seed=3+positive+blur", "random:seed=3"),
            ("rise:p=1e+3+positive", "rise:p=1e+3"),
            ("odd+", "odd+"),
        ] {
            assert_eq!(without_steps(method), base);
        }
    }
}
