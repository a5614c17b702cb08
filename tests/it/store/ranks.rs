//! Directories by the rank that a launcher gave the process.

use std::path::PathBuf;

use ds_aio::{
    ConfigErrors, Launcher, OffloadStore, Placement, StoreConfig, StoreErrorKind,
    config::DiagnosticKind,
};

use super::support::Place;

type Variables<'a> = &'a [(&'a str, &'a str)];

/// The directories that a store has in that environment, relative to where it is tested.
fn directories(
    place: &Place,
    config: (&[&str], Placement, Launcher),
    variables: Variables<'_>,
) -> Result<Vec<String>, (StoreErrorKind, String)> {
    let (dirs, placement, launcher) = config;
    let dirs: Vec<_> = dirs.iter().map(|dir| place.dir.path().join(dir)).collect();
    let config = StoreConfig::builder().dirs(dirs).placement(placement).launcher(launcher);
    let builder = OffloadStore::configured(&config.build().unwrap(), variables);
    let builder = builder.map_err(|error| (error.kind(), error.to_string()))?;
    let store = builder.open(&place.engine).unwrap();
    let relative = |path: &std::path::Path| {
        path.strip_prefix(place.dir.path()).unwrap().to_str().unwrap().to_owned()
    };
    Ok(store.directories().map(relative).collect())
}

#[test]
fn ranks_are_those_that_the_launcher_tells() {
    let place = Place::new();
    let dirs: &[&str] = &["n{local_rank}/{rank}", "m/{rank}{{x}}"];
    let torchrun: Variables<'_> = &[("RANK", "11"), ("LOCAL_RANK", "3"), ("SLURM_PROCID", "")];
    let open_mpi: Variables<'_> =
        &[("OMPI_COMM_WORLD_RANK", "11"), ("OMPI_COMM_WORLD_LOCAL_RANK", "3")];
    let slurm: Variables<'_> = &[("SLURM_PROCID", "11"), ("SLURM_LOCALID", "3")];
    let auto = (dirs, Placement::Hash, Launcher::Auto);
    for variables in [torchrun, open_mpi, slurm] {
        let found = directories(&place, auto, variables).unwrap();
        assert_eq!(found, ["n3/11", "m/11{x}"], "{variables:?}");
    }
    // Those that agree, and those of which it is known which holds.
    let all = [torchrun, open_mpi, slurm].concat();
    assert_eq!(directories(&place, auto, &all[..2]).unwrap()[0], "n3/11");
    let nested = [torchrun, &[("SLURM_PROCID", "1"), ("SLURM_LOCALID", "0")]].concat();
    let by_torchrun = [&nested[..], &[("TORCHELASTIC_RUN_ID", "none")]].concat();
    assert_eq!(directories(&place, auto, &by_torchrun).unwrap()[0], "n3/11");
    for (launcher, found) in [(Launcher::Torchrun, "n3/11"), (Launcher::Slurm, "n0/1")] {
        let config = (dirs, Placement::Hash, launcher);
        assert_eq!(directories(&place, config, &nested).unwrap()[0], found);
    }

    let (kind, told) = directories(&place, auto, &nested).unwrap_err();
    assert_eq!(kind, StoreErrorKind::RanksDisagree);
    assert!(told.contains("LOCAL_RANK is 3, SLURM_LOCALID is 0"), "{told}");
    let (kind, told) = directories(&place, auto, &[("RANK", "1")]).unwrap_err();
    assert_eq!(kind, StoreErrorKind::NoRank);
    assert!(told.contains("LOCAL_RANK, OMPI_COMM_WORLD_LOCAL_RANK, SLURM_LOCALID"), "{told}");
    let (kind, told) = directories(&place, auto, &[("LOCAL_RANK", "x")]).unwrap_err();
    assert_eq!(kind, StoreErrorKind::NoRank);
    assert!(told.contains("\"x\""), "{told}");
    // Nobody asks for what is not used.
    assert_eq!(
        directories(&place, (&["plain"], Placement::Rank, Launcher::Auto), &nested).unwrap(),
        ["plain"]
    );
}

#[test]
fn each_process_has_one_directory_by_its_local_rank() {
    let place = Place::new();
    let config = (&["a", "b", "c"][..], Placement::Rank, Launcher::Auto);
    for (local_rank, directory) in [("0", "a"), ("2", "c"), ("4", "b")] {
        let variables = [("LOCAL_RANK", local_rank)];
        assert_eq!(directories(&place, config, &variables).unwrap(), [directory]);
    }
    assert_eq!(directories(&place, config, &[]).unwrap_err().0, StoreErrorKind::NoRank);
}

fn load(variables: Variables<'_>) -> Result<StoreConfig, ConfigErrors> {
    StoreConfig::loader().env_from(variables).load().map(|loaded| loaded.value)
}

#[test]
fn a_store_is_configured_by_variables_and_files() {
    let config = load(&[
        ("DS_AIO_DIRS", "/a/{rank},/b"),
        ("DS_AIO_PLACEMENT", "Stripe( 1MiB )"),
        ("DS_AIO_LAUNCHER", "open_mpi"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.dirs, ["/a/{rank}", "/b"].map(PathBuf::from));
    assert_eq!(config.placement, Placement::Stripe { chunk: 1 << 20 });
    assert_eq!(config.launcher, Launcher::OpenMpi);
    let written = config.to_toml().unwrap();
    assert!(written.contains("placement = \"stripe(1MiB)\""), "{written}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("job.toml");
    std::fs::write(&path, &written).unwrap();
    assert_eq!(StoreConfig::loader().file(&path).load().unwrap().value, config);

    let error = load(&[]).unwrap_err();
    assert_eq!(error.iter().next().unwrap().kind(), DiagnosticKind::Missing);
    for (variable, value, told) in [
        ("DS_AIO_DIRS", "/a/{world}", "`world`"),
        ("DS_AIO_DIRS", "/a,/{rank", "a brace alone"),
        ("DS_AIO_PLACEMENT", "round robin", "`stripe(CHUNK)`"),
        ("DS_AIO_PLACEMENT", "stripe(1MB)", "`MB` is 1000-based"),
        ("DS_AIO_PLACEMENT", "stripe(1000)", "4096"),
        ("DS_AIO_PLACEMENT", "stripe(0)", "4096"),
    ] {
        let error = load(&[("DS_AIO_DIRS", "/a"), (variable, value)]).unwrap_err();
        let [diagnostic] = &error.iter().collect::<Vec<_>>()[..] else { panic!("{error}") };
        assert_eq!(diagnostic.variable(), Some(variable), "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
}
