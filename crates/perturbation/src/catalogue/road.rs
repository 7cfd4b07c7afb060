//! Remove and debias.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use maps::Ranking;
use spec::Reader;

use super::gradual::take_order;
use super::{Demand, Entry, Test};
use crate::fill;
use crate::input::Input;
use crate::painter::Replacement;
use crate::plan::PlanBuilder;
use crate::point::{Measures, Point};
use crate::undefined::Undefined;

pub(super) const ENTRY: Entry = Entry {
    name: "road",
    summary: "the image, and the image whose first pixels are imputed from their neighbours, at some percentages of the pixels",
    source: "ROAD (Rong et al. 2022); its demo: percent=10+20+30+40+50+70+90; ARCC of pytorch-grad-cam: percent=20+40+60+80",
    build,
};

/// The percentages of pytorch-grad-cam's averages.
const PERCENT: &str = "10+20+30+40+50+60+70+80+90";

/// The parameters of the test.
#[derive(Debug)]
struct Road {
    fills: Vec<Replacement>,
    ranking: Ranking,
    percentages: Percentages,
}

/// Rising numbers between 0 and 100. All pixels are never replaced: nothing would be left to impute them from.
#[derive(Clone, Debug, PartialEq)]
struct Percentages(Vec<f64>);

fn build(reader: &mut Reader) -> Result<Arc<dyn Test>, spec::Error> {
    let fills = fill::take(reader, "impute")?;
    let ranking = Ranking::pixels(take_order(reader)?);
    let wanted = "rising numbers between 0 and 100, with `+` between them";
    let default = Percentages(PERCENT.split('+').filter_map(|number| number.parse().ok()).collect());
    let percentages = reader.take_if("percent", default, wanted, |_| true)?;
    Ok(Arc::new(Road { fills, ranking, percentages }))
}

impl FromStr for Percentages {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Vec<f64> = text.split('+').map(str::parse).collect::<Result<_, _>>().map_err(|_| ())?;
        let rise = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = numbers.iter().all(|&number| 0.0 < number && number < 100.0);
        if rise && inside { Ok(Self(numbers)) } else { Err(()) }
    }
}

impl Display for Percentages {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(f64::to_string).collect();
        out.write_str(&numbers.join("+"))
    }
}

impl Test for Road {
    fn fills(&self) -> &[Replacement] {
        &self.fills
    }

    fn points(&self, builder: &mut PlanBuilder<'_>) -> Result<Vec<Point>, Undefined> {
        let pixels = builder.map().pixels();
        let ranked = builder.ranked(self.ranking)?;
        let mut before = 0;
        let point = |percent| {
            let count = count(percent, pixels);
            let mass = ranked.sum(std::mem::replace(&mut before, count)..count);
            let measures = Measures { mass: Some(mass), ..Measures::default() };
            Point { measures, ..Point::new(percent / 100.0, self.inputs(percent, pixels).collect()) }
        };
        Ok(self.percentages().map(point).collect())
    }

    fn demand(&self, pixels: usize) -> Demand {
        Demand::Inputs(self.percentages().flat_map(|percent| self.inputs(percent, pixels)).collect())
    }
}

impl Road {
    /// With the clean image in front, which metrics compare with.
    fn percentages(&self) -> impl Iterator<Item = f64> {
        std::iter::once(0.0).chain(self.percentages.0.iter().copied())
    }

    fn inputs(&self, percent: f64, pixels: usize) -> impl Iterator<Item = Input> {
        let count = count(percent, pixels);
        self.fills.iter().map(move |fill| Input::mixed(self.ranking, count, pixels, fill, false))
    }
}

/// That share of the pixels, cut down. Multiplied first: 29 % of 100 pixels are 29, where 0.29 times 100 is a little less.
fn count(percent: f64, pixels: usize) -> usize {
    (pixels as f64 * percent / 100.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{ParsedTest, TESTS};

    fn spec(text: &str) -> Result<String, String> {
        ParsedTest::parse(text, &[TESTS])
            .map(|test| test.spec().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_percentages_of_the_toolkits() {
        assert_eq!(spec("road:noise=0.01,percent=10+20+30+40+50+60+70+80+90").unwrap(), "road");
        let demo = "road:order=lerf,percent=10+20+30+40+50+70+90";
        assert_eq!(spec(demo).unwrap(), demo);
        assert_eq!(spec("road:percent=0.5+2.0,fill=blur").unwrap(), "road:fill=blur,percent=0.5+2");
        let wanted = "is not rising numbers between 0 and 100, with `+` between them";
        for wrong in ["0+10", "10+100", "20+10", "10+10", "10+nan", "10++20", "-5"] {
            assert_eq!(
                spec(&format!("road:percent={wrong}")),
                Err(format!("`road`: percent={wrong} {wanted}"))
            );
        }
        assert!(spec("road:noise=-1").is_err() && spec("road:noise=nan").is_err());
    }

    #[test]
    fn counts_are_exact() {
        assert_eq!([29.0, 58.0, 70.0, 7.0].map(|percent| count(percent, 100)), [29, 58, 70, 7]);
        assert_eq!([10.0, 90.0, 0.001].map(|percent| count(percent, 50176)), [5017, 45158, 0]);
    }
}
