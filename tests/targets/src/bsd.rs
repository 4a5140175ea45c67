//! What only the BSDs and Apple's systems have.

use tokio::signal::unix::SignalKind;

const INFO: SignalKind = SignalKind::info();
