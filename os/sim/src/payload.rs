//! What a panic carries.

use std::any::Any;

/// What a panic said.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> String {
    let owned = payload.downcast_ref::<String>().cloned();
    let text = owned.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    text.unwrap_or_else(|| String::from("a payload that is no text"))
}
