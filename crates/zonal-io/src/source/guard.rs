//! Readers of other libraries, whose panics on damaged files become errors of ours.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is caught, and nobody needs to read about it.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`; a panic in it comes back as its message. What `f` has used must not be used again after one.
///
/// Panics of other threads are reported as ever: the hook that this sets, once, passes them on to the one before.
pub(super) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                before(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("its reader gave up ({})", text.unwrap_or("without a word"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(guarded(|| 7), Ok(7));
        let index = std::hint::black_box(9);
        assert!(guarded(|| [1, 2][index]).unwrap_err().contains("out of bounds"));
        assert!(!GUARDED.get());
    }
}
