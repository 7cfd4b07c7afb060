//! Preparing images ahead of where they are used.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Maps items on a thread of its own that stays a few items ahead of `consume`, so that decoding runs beside
/// the computation. Items come in order.
///
/// # Errors
/// The first error of `consume`, which ends the run.
pub fn ahead<T: Send, U: Send, E>(
    items: impl Iterator<Item = T> + Send,
    prepare: impl Fn(T) -> U + Send,
    mut consume: impl FnMut(U) -> Result<(), E>,
) -> Result<(), E> {
    const AHEAD: usize = 2;
    thread::scope(|scope| {
        let (send, receive) = sync_channel(AHEAD);
        scope.spawn(move || {
            for item in items {
                // A closed channel means that the consumer gave up.
                if send.send(prepare(item)).is_err() {
                    break;
                }
            }
        });
        receive.into_iter().try_for_each(&mut consume)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_order_and_an_error_ends_the_run() {
        let mut seen = Vec::new();
        ahead(
            0..100,
            |i| i * i,
            |square| {
                seen.push(square);
                Ok::<(), usize>(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..100).map(|i| i * i).collect::<Vec<usize>>());
        let error = ahead(0.., |i: usize| i, |i| if i < 7 { Ok(()) } else { Err(i) });
        assert_eq!(error, Err(7));
    }
}
