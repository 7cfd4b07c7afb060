//! What architectures are called: here, by torchvision (`vgg16_bn`, `vit_b_16`) and by timm (`vit_base_patch16_224.augreg_in1k`).

/// Names of timm and of others that differ from ours in more than signs between words.
const OTHERS: [(&str, &str); 21] = [
    ("vit_tiny_patch16_224", "vit-t16"),
    ("vit_small_patch16_224", "vit-s16"),
    ("vit_small_patch32_224", "vit-s32"),
    ("vit_base_patch16_224", "vit-b16"),
    ("vit_base_patch32_224", "vit-b32"),
    ("deit_tiny_patch16_224", "deit-t16"),
    ("deit_small_patch16_224", "deit-s16"),
    ("deit_base_patch16_224", "deit-b16"),
    ("deit_tiny_distilled_patch16_224", "deit-t16-distilled"),
    ("deit_small_distilled_patch16_224", "deit-s16-distilled"),
    ("deit_base_distilled_patch16_224", "deit-b16-distilled"),
    ("tf_efficientnet_lite0", "efficientnet-lite0"),
    ("tf_efficientnet_lite1", "efficientnet-lite1"),
    ("tf_efficientnet_lite2", "efficientnet-lite2"),
    ("tf_efficientnet_lite3", "efficientnet-lite3"),
    ("tf_efficientnet_lite4", "efficientnet-lite4"),
    ("resnet20", "cifar-resnet20"),
    ("resnet32", "cifar-resnet32"),
    ("resnet44", "cifar-resnet44"),
    ("resnet56", "cifar-resnet56"),
    ("resnet110", "cifar-resnet110"),
];

/// timm has networks of these names that pad in another way; ours are those that it calls `tf_efficientnet_lite0`.
const NOT_OURS: &str = "efficientnetlite";

/// Our name for an architecture, whoever named it.
pub(super) fn ours(name: &str, known: &[String]) -> Option<String> {
    if known.iter().any(|known| known == name) {
        return Some(name.into());
    }
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    alike(name, known).or_else(|| alike(tagged(name)?, known))
}

/// The name before the tag of timm's weights: `resnet50` of `resnet50.a1_in1k`.
pub(super) fn tagged(name: &str) -> Option<&str> {
    name.split_once('.').map(|(name, _)| name)
}

/// The known name that differs in signs between words and capitals only.
fn alike(name: &str, known: &[String]) -> Option<String> {
    let letters = letters(name);
    let other =
        OTHERS.iter().find(|(other, _)| self::letters(other) == letters).map(|(_, ours)| (*ours).to_string());
    let ours = || known.iter().find(|known| self::letters(known) == letters).cloned();
    other.or_else(|| if letters.starts_with(NOT_OURS) { None } else { ours() })
}

fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The known names that are most like a wrong one, as a question, if any is much like it.
pub(super) fn hint(name: &str, known: &[String]) -> String {
    const ALIKE: f64 = 0.85;
    const MOST: usize = 3;
    let wrong = letters(tagged(name).unwrap_or(name));
    let others = OTHERS.iter().map(|(other, ours)| (strsim::jaro_winkler(&wrong, &letters(other)), *ours));
    let ours = known.iter().map(|known| (strsim::jaro_winkler(&wrong, &letters(known)), known.as_str()));
    let mut all: Vec<(f64, &str)> = ours.chain(others).filter(|(alike, _)| *alike >= ALIKE).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Vec<&str> = Vec::new();
    for (_, name) in all {
        if best.len() < MOST && !best.contains(&name) {
            best.push(name);
        }
    }
    if best.is_empty() { String::new() } else { format!(" did you mean {}?", best.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        crate::zoo::names()
    }

    #[test]
    fn names_of_torchvision_and_timm_are_ours() {
        for (theirs, name) in [
            ("mobilenet_v2", "mobilenet-v2"),
            ("MobileNet_V3_Large", "mobilenet-v3-large"),
            ("vgg16_bn", "vgg16-bn"),
            ("vgg16", "vgg16"),
            ("squeezenet1_0", "squeezenet1.0"),
            ("vit_b_16", "vit-b16"),
            ("vit_base_patch16_224", "vit-b16"),
            ("vit_small_patch32_224.augreg_in21k_ft_in1k", "vit-s32"),
            ("deit_tiny_distilled_patch16_224.fb_in1k", "deit-t16-distilled"),
            ("timm/resnet50.a1_in1k", "resnet50"),
            ("convnext_tiny.fb_in22k_ft_in1k", "convnext-tiny"),
            ("tf_efficientnet_lite0.in1k", "efficientnet-lite0"),
        ] {
            assert_eq!(ours(theirs, &known()).as_deref(), Some(name), "{theirs}");
        }
    }

    #[test]
    fn other_networks_are_not_taken_for_ours() {
        for name in [
            "efficientnet_lite0",
            "resnext50_32x4d",
            "vit_base_patch16_384",
            "vit_large_patch16_224",
            "resnet",
            "",
        ] {
            assert_eq!(ours(name, &known()), None, "{name}");
        }
    }

    #[test]
    fn no_two_names_are_alike() {
        let known = known();
        let mut all: Vec<String> =
            known.iter().map(String::as_str).chain(OTHERS.iter().map(|o| o.0)).map(letters).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(OTHERS.iter().all(|(_, ours)| known.iter().any(|known| known == ours)));
    }

    #[test]
    fn what_is_like_a_wrong_name_is_offered() {
        assert!(
            hint("mobilenet_v4", &known()).starts_with(" did you mean mobilenet-v"),
            "{}",
            hint("mobilenet_v4", &known())
        );
        assert!(
            hint("resnext50_32x4d", &known()).contains("resnet50"),
            "{}",
            hint("resnext50_32x4d", &known())
        );
        assert_eq!(hint("xception", &known()), "");
    }
}
