//! Settings that many tasks read, and one changes now and then.

use selkie_core::sync::RwLock;

/// What a user may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Brightness of the display in percent.
    pub brightness: u8,
    /// Seconds until it goes dark.
    pub dark_after_seconds: u16,
}

static SETTINGS: RwLock<Settings> = RwLock::const_new(Settings {
    brightness: 80,
    dark_after_seconds: 30,
});

/// The settings as they are; readers do not wait for each other.
pub async fn current() -> Settings {
    *SETTINGS.read().await
}

/// Changes the settings when nobody reads them: both fields at once.
pub async fn change(change: impl FnOnce(&mut Settings)) {
    change(&mut *SETTINGS.write().await);
}
