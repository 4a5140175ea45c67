//! A program of a board, as its 32-bit little-endian ELF file says.

use std::path::Path;

/// A program of a board.
pub(crate) struct Firmware {
    file: Vec<u8>,
    sections: Vec<Section>,
}

struct Section {
    kind: u32,
    flags: u32,
    address: u32,
    offset: u32,
    size: u32,
    link: u32,
    is_stack: bool,
    /// Texts of defmt's, by which its frames are decoded.
    is_log: bool,
}

const SYMBOLS: u32 = 2;
const NO_BITS: u32 = 8;
const WRITE: u32 = 1;
const ALLOCATED: u32 = 2;
/// Bytes of a symbol's entry.
const SYMBOL_BYTES: usize = 16;

impl Firmware {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or is no such file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file = std::fs::read(path).map_err(|error| error.to_string())?;
        Self::parse(file).ok_or_else(|| format!("{} is not a 32-bit ELF file", path.display()))
    }

    fn parse(file: Vec<u8>) -> Option<Self> {
        if file.get(..5)? != b"\x7fELF\x01" {
            return None;
        }
        let table = word(&file, 0x20)? as usize;
        let (entry, count) = (half(&file, 0x2e)? as usize, half(&file, 0x30)? as usize);
        let names = word(&file, table + half(&file, 0x32)? as usize * entry + 0x10)? as usize;
        let section = |header: usize| {
            let name = file.get(names + word(&file, header)? as usize..)?;
            Some(Section {
                kind: word(&file, header + 4)?,
                flags: word(&file, header + 8)?,
                address: word(&file, header + 0x0c)?,
                offset: word(&file, header + 0x10)?,
                size: word(&file, header + 0x14)?,
                link: word(&file, header + 0x18)?,
                is_stack: name.starts_with(b".stack\0"),
                is_log: name.starts_with(b".defmt\0"),
            })
        };
        let sections = (0..count).map(|index| section(table + index * entry));
        let sections = sections.collect::<Option<Vec<_>>>()?;
        Some(Self { file, sections })
    }

    /// Flash and RAM: what is loaded, and what stands in writable memory. The stack's section, which takes what is left, does
    /// not count.
    pub(crate) fn sizes(&self) -> (u32, u32) {
        let counted = |section: &&Section| section.flags & ALLOCATED != 0 && !section.is_stack;
        let sum = |is_in: fn(&Section) -> bool| {
            let sections = self.sections.iter().filter(counted);
            sections
                .filter(|section| is_in(section))
                .map(|section| section.size)
                .sum()
        };
        let flash = sum(|section| section.kind != NO_BITS);
        let ram = sum(|section| section.flags & WRITE != 0);
        (flash, ram)
    }

    /// Whether it logs by defmt.
    pub(crate) fn has_logs(&self) -> bool {
        self.sections.iter().any(|section| section.is_log)
    }

    /// The address of a function.
    pub(crate) fn function(&self, name: &str) -> Option<u32> {
        let table = self
            .sections
            .iter()
            .find(|section| section.kind == SYMBOLS)?;
        let names = self.sections.get(table.link as usize)?.offset as usize;
        let (start, size) = (table.offset as usize, table.size as usize);
        (start..start + size)
            .step_by(SYMBOL_BYTES)
            .find_map(|symbol| {
                let text = self
                    .file
                    .get(names + word(&self.file, symbol)? as usize..)?;
                let is_it = text.starts_with(name.as_bytes()) && text.get(name.len()) == Some(&0);
                // The lowest bit says which instructions the function has.
                is_it.then(|| word(&self.file, symbol + 4).map(|address| address & !1))?
            })
    }

    /// The halfword that is loaded at an address.
    pub(crate) fn halfword(&self, address: u32) -> Option<u16> {
        let holds = |section: &&Section| {
            let is_loaded = section.flags & ALLOCATED != 0 && section.kind != NO_BITS;
            is_loaded
                && address
                    .checked_sub(section.address)
                    .is_some_and(|at| at < section.size)
        };
        let section = self.sections.iter().find(holds)?;
        half(
            &self.file,
            (section.offset + address - section.address) as usize,
        )
    }
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?))
}

fn half(file: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Firmware;

    #[test]
    fn a_program_that_is_not_firmware_is_not_measured() {
        for file in [
            &b""[..],
            b"\x7fELF\x02 a 64-bit file",
            b"\x7fELF\x01 cut off",
        ] {
            assert!(Firmware::parse(file.to_vec()).is_none());
        }
    }
}
