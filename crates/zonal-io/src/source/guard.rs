//! Converts panics of other libraries on damaged files into errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether panics of this thread are caught and need no report.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f` and returns the message of a panic as an error. Values that `f` used must not be used again after a panic.
///
/// Panics elsewhere are reported as before: the hook, which is set once, passes them to the previous hook.
pub(super) fn catch_panic<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                previous(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        format!("its reader panicked ({})", text.unwrap_or("no message"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        let index = std::hint::black_box(9);
        assert!(catch_panic(|| [1, 2][index]).unwrap_err().contains("out of bounds"));
        assert!(!GUARDED.get());
    }
}
