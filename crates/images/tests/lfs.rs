//! Files that are not there but as pointers.

use testing::WorkDir;

#[test]
fn a_git_lfs_pointer_is_named_as_one() {
    let work = WorkDir::new();
    let path =
        work.write("0.png", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 154540\n");
    let error = images::decode(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("0.png: a Git LFS pointer, not the file itself; `git lfs pull` fetches it"),
        "{error}"
    );
}
