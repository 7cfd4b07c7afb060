//! The first line of a child.

/// What a child says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// The number of classes.
    pub(super) classes: usize,
    /// Whether scores are probabilities, and not logits.
    pub(super) probabilities: bool,
    /// The channels of the images that it takes.
    pub(super) channels: usize,
}

/// What the line looks like, for messages.
pub(super) const FORM: &str = "plumbline classes=N scores=logits|probabilities";

/// More classes than any classifier has: a slip of the pen must not take all memory.
const MOST: usize = 1_000_000;

impl Hello {
    /// Reads the line.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (mut classes, mut probabilities, mut channels) = (None, None, None);
        if words.next() != Some("plumbline") {
            return None;
        }
        for word in words {
            match word.split_once('=')? {
                ("classes", number) if classes.is_none() => {
                    classes = Some(number.parse().ok().filter(|n| (1..=MOST).contains(n))?);
                }
                ("scores", "logits") if probabilities.is_none() => probabilities = Some(false),
                ("scores", "probabilities") if probabilities.is_none() => probabilities = Some(true),
                ("channels", number) if channels.is_none() => {
                    channels = Some(number.parse().ok().filter(|n| matches!(n, 1 | 3 | 4))?);
                }
                _ => return None,
            }
        }
        Some(Self { classes: classes?, probabilities: probabilities?, channels: channels.unwrap_or(3) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_classes_and_scores() {
        let hello = |classes, probabilities| Some(Hello { classes, probabilities, channels: 3 });
        let grey = Some(Hello { classes: 10, probabilities: false, channels: 1 });
        assert_eq!(Hello::parse("plumbline classes=10 channels=1 scores=logits"), grey);
        assert_eq!(Hello::parse("plumbline classes=1000 scores=logits"), hello(1000, false));
        assert_eq!(Hello::parse("plumbline scores=probabilities classes=2"), hello(2, true));
        for line in [
            "",
            "plumbline",
            "hello classes=3 scores=logits",
            "plumbline classes=0 scores=logits",
            "plumbline classes=-1 scores=logits",
            "plumbline classes=9999999 scores=logits",
            "plumbline classes=3",
            "plumbline scores=logits",
            "plumbline classes=3 scores=odds",
            "plumbline classes=3 classes=4 scores=logits",
            "plumbline classes=3 scores=logits device=cpu",
            "plumbline classes=3 scores=logits ready",
            "plumbline classes=3 scores=logits channels=2",
            "plumbline classes=3 scores=logits channels=1 channels=1",
        ] {
            assert_eq!(Hello::parse(line), None, "{line}");
        }
    }
}
