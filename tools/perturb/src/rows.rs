//! From a map's row to the rows of its responses.

use perturbation::{CurvePoint, Measures};
use pipe::{Explained, Response};

/// A row of responses without an answer yet.
pub fn response(row: Explained) -> Response {
    Response {
        image: row.image,
        target: row.target,
        model: row.model,
        method: row.method,
        map: row.map,
        map_index: row.map_index,
        test: String::new(),
        point: None,
        points: None,
        fraction: f64::NAN,
        probability: f64::NAN,
        predicted: None,
        reason: String::new(),
        logit: None,
        mass: None,
        information: None,
        area: None,
        distance: None,
        extra: row.extra,
    }
}

/// Fills in the answer to a point of the curve.
pub fn answer(row: &mut Response, place: usize, point: &CurvePoint) {
    row.point = Some(place);
    row.fraction = point.fraction;
    row.probability = pipe::from_f32(point.probability);
    row.predicted = Some(point.predicted);
    row.logit = point.logit.is_finite().then(|| pipe::from_f32(point.logit));
    let Measures { information, area, distance, mass } = point.measures;
    (row.information, row.area, row.distance, row.mass) =
        (information, area, distance, mass.map(|mass| pipe::from_f32(mass as f32)));
}
