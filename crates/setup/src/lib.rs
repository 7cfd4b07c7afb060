//! The flags that choose a model.
