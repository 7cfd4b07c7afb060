//! Methods that are trained or adapted: explainer networks, and baselines chosen by a metric.
