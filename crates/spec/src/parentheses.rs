//! Specs in specs: what stands in parentheses belongs together, whatever commas, colons and plus signs it holds.

/// The parts of a text between separators outside of parentheses; nothing if parentheses do not match.
///
/// ```
/// assert_eq!(spec::split("a,(b,c),d", ','), Some(vec!["a", "(b,c)", "d"]));
/// assert_eq!(spec::split("a,(b", ','), None);
/// ```
pub fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ if letter == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (depth == 0).then_some(parts)
}

/// What stands before and behind the last separator outside of parentheses.
///
/// ```
/// assert_eq!(spec::rsplit("(a+b)+c", '+'), Some(("(a+b)", "c")));
/// assert_eq!(spec::rsplit("(a+b)", '+'), None);
/// ```
pub fn rsplit(text: &str, separator: char) -> Option<(&str, &str)> {
    let last = *split(text, separator)?.last()?;
    let before = text.len().checked_sub(last.len() + separator.len_utf8())?;
    Some((&text[..before], last))
}

/// The contents of `(a)(b)(c)`; nothing if there is anything else, or nothing at all.
///
/// ```
/// assert_eq!(spec::groups("(a:x=(1))(b)"), Some(vec!["a:x=(1)", "b"]));
/// assert_eq!(spec::groups("(a)b"), None);
/// ```
pub fn groups(text: &str) -> Option<Vec<&str>> {
    let (mut groups, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => {
                start = if depth == 0 { at + 1 } else { start };
                depth += 1;
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                groups.extend((depth == 0).then(|| &text[start..at]));
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    (depth == 0 && !groups.is_empty()).then_some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_that_do_not_match_are_none() {
        for text in ["(", ")", "a)(b", "((a)", "(a))"] {
            assert_eq!((split(text, ','), groups(text), rsplit(text, '+')), (None, None, None), "{text}");
        }
        assert_eq!((split("", ','), groups("")), (Some(vec![""]), None));
        assert_eq!(
            (groups("()"), groups("ä(b)"), groups("(ä)(ö)")),
            (Some(vec![""]), None, Some(vec!["ä", "ö"]))
        );
    }

    #[test]
    fn separators_inside_belong_to_what_is_inside() {
        assert_eq!(split("m=(a:x=1,y=2)(b),n=(c)*2+(d)", ','), Some(vec!["m=(a:x=1,y=2)(b)", "n=(c)*2+(d)"]));
        assert_eq!(split("(c)*2+(d+e)", '+'), Some(vec!["(c)*2", "(d+e)"]));
        assert_eq!(rsplit("gradcam++", '+'), Some(("gradcam+", "")));
    }
}
