//! The sample driver on a line of the kernel's simulated GPIO chip (`CONFIG_GPIO_SIM`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use selkie::task::spawn;
use selkie::time::sleep;
use selkie_button::{Button, Press, Timing};
use selkie_core::time::Delay;
use selkie_gpio::open;

/// Where the kernel lets chips be made up.
const CHIPS: &str = "/sys/kernel/config/gpio-sim";
/// The line that the button is at.
const LINE: u32 = 3;

/// A simulated chip; dropping it takes it out of the kernel.
pub(crate) struct Chip {
    directory: PathBuf,
}

impl Chip {
    /// A chip of eight lines; `None` where the kernel has no simulated GPIO, or not for this
    /// program: an emulator of single programs does not know the device's commands.
    pub(crate) fn simulate() -> Option<Self> {
        let directory = Path::new(CHIPS).join("selkie");
        if std::env::var_os("SELKIE_RUNNER").is_some() || fs::create_dir(&directory).is_err() {
            return None;
        }
        let chip = Self { directory };
        let bank = chip.bank();
        fs::create_dir(&bank).expect("a bank of lines");
        fs::write(bank.join("num_lines"), "8").expect("eight lines");
        fs::write(chip.directory.join("live"), "1").expect("the chip comes to life");
        Some(chip)
    }

    fn bank(&self) -> PathBuf {
        self.directory.join("bank")
    }

    /// The chip's name, as of its device.
    fn name(&self) -> String {
        let name = fs::read_to_string(self.bank().join("chip_name")).expect("the chip's name");
        name.trim().to_owned()
    }

    /// What moves the line.
    fn pull_file(&self) -> PullFile {
        let parent =
            fs::read_to_string(self.directory.join("dev_name")).expect("the device's name");
        PullFile {
            pull: Path::new("/sys/devices/platform")
                .join(parent.trim())
                .join(self.name())
                .join(format!("sim_gpio{LINE}/pull")),
        }
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        let gone = fs::write(self.directory.join("live"), "0")
            .and_then(|()| fs::remove_dir(self.bank()))
            .and_then(|()| fs::remove_dir(&self.directory));
        if let Err(error) = gone {
            println!("the simulated chip stays: {error}");
        }
    }
}

/// Presses the button, as the kernel's file of the line lets it.
struct PullFile {
    pull: PathBuf,
}

impl PullFile {
    fn press(&self) -> io::Result<()> {
        fs::write(&self.pull, "pull-down")
    }

    fn release(&self) -> io::Result<()> {
        fs::write(&self.pull, "pull-up")
    }
}

/// A contact that bounces and is let go, then one that is held; neither takes a time for granted
/// that a loaded machine does not keep.
pub(crate) async fn button(chip: Chip) {
    let pull_file = chip.pull_file();
    let device = Path::new("/dev").join(chip.name());
    let line = open(&device, LINE, "button").expect("the line");
    let patient = Timing {
        debounce_ms: 5,
        long_ms: 50_000,
    };
    let mut button = Button::new(line, Delay, patient);
    let told = Arc::new(AtomicBool::new(false));
    let is_told = Arc::clone(&told);
    let script = spawn(async move {
        // On a machine that stands still for longer than the contact is held the driver takes it for a
        // bounce, rightly: then it is held for longer.
        let mut hold = Duration::from_millis(50);
        while !is_told.load(Ordering::Acquire) {
            pull_file.press()?;
            sleep(Duration::from_millis(1)).await;
            pull_file.release()?;
            sleep(Duration::from_millis(1)).await;
            pull_file.press()?;
            sleep(hold).await;
            pull_file.release()?;
            sleep(hold).await;
            hold *= 2;
        }
        io::Result::Ok(pull_file)
    });
    assert_eq!(button.press().await.expect("the line"), Press::Short);
    // Release: pairs with the Acquire in the script.
    told.store(true, Ordering::Release);
    let pull_file = script.await.expect("no panic").expect("the line moves");
    let refused = open(&device, LINE, "another").expect_err("the line is taken");
    assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
    drop(button);
    let line = open(&device, LINE, "button").expect("the line");
    let timing = Timing {
        debounce_ms: 5,
        long_ms: 100,
    };
    let mut button = Button::new(line, Delay, timing);
    pull_file.press().expect("the line moves");
    // It is held until the press was reported.
    assert_eq!(button.press().await.expect("the line"), Press::Long);
    pull_file.release().expect("the line moves");
}
