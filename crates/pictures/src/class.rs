//! The class that a map explains, in words.

use pipe::Explained;

/// Columns that may hold the classifier's score of the class.
const OF_CLASS: [&str; 2] = ["score", "probability"];

/// The class that a row's map explains, and its score.
#[derive(Clone, Debug)]
pub struct ClassOf {
    /// Its name in the column `class`, or its number.
    pub name: String,
    /// With a space before it; empty where no column has one.
    pub score: String,
}

impl ClassOf {
    /// What the columns of a row say.
    pub fn of(row: &Explained) -> Self {
        let cell = |name: &&str| row.extra.get(name).filter(|cell| !cell.is_empty());
        let number = || row.target.map(|target| format!("class {target}"));
        let name = cell(&"class").map(str::to_owned).or_else(number).unwrap_or_default();
        let score = OF_CLASS.iter().find_map(cell).map(|cell| match cell.parse::<f64>() {
            Ok(score) => format!(" {score:.3}"),
            Err(_) => format!(" {cell}"),
        });
        let visible = |text: String| text.replace(char::is_control, " ");
        Self { name: visible(name), score: visible(score.unwrap_or_default()) }
    }
}

#[cfg(test)]
mod tests {
    use pipe::Extra;

    use super::*;

    fn row(cells: &[(&str, &str)]) -> Explained {
        let mut extra = Extra::default();
        for (name, cell) in cells {
            extra.set(name, (*cell).to_owned());
        }
        Explained {
            image: "a.png".into(),
            target: Some(281),
            model: String::new(),
            method: "ig".into(),
            map: String::new(),
            map_index: None,
            reason: String::new(),
            extra,
        }
    }

    #[test]
    fn a_class_has_its_name_and_its_score() {
        let class = |row: &Explained| {
            let ClassOf { name, score } = ClassOf::of(row);
            name + &score
        };
        assert_eq!(class(&row(&[])), "class 281");
        assert_eq!(class(&row(&[("class", "tabby cat")])), "tabby cat");
        assert_eq!(class(&row(&[("class", "tabby\tcat"), ("score", "0.98765")])), "tabby cat 0.988");
        assert_eq!(class(&row(&[("class", ""), ("probability", "1")])), "class 281 1.000");
        assert_eq!(class(&row(&[("score", "high")])), "class 281 high");
        assert_eq!(class(&Explained { target: None, ..row(&[]) }), "");
    }
}
