//! The battery's voltage: an interrupt measures it, a display shows it, a guard watches a limit.

use selkie_core::sync::FixedWatch;

static MILLIVOLTS: FixedWatch<u16> = FixedWatch::new(0);

/// The end-of-measurement interrupt. Small changes wake nobody.
pub fn on_measured(millivolts: u16) {
    MILLIVOLTS.send_if_modified(|shown| {
        let is_news = shown.abs_diff(millivolts) >= 10;
        if is_news {
            *shown = millivolts;
        }
        is_news
    });
}

/// Shows the voltage whenever it changes, for ever.
pub async fn show(mut display: impl FnMut(u16)) {
    let mut millivolts = MILLIVOLTS.subscribe();
    millivolts.mark_changed();
    loop {
        millivolts.changed().await;
        display(millivolts.get_and_update());
    }
}

/// Waits until the voltage has been measured and is below `limit`.
pub async fn empty(limit: u16) -> u16 {
    let mut millivolts = MILLIVOLTS.subscribe();
    millivolts.wait_for(|&now| now > 0 && now < limit).await
}
