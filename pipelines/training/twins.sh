#!/usr/bin/env bash
# Data randomisation (Adebayo et al., "Sanity Checks for Saliency Maps", 2018, section 4): a small ResNet and a small ViT on the same
# 5,000 images of CIFAR-10 with true and with permuted labels, without augmentation: twins.sh OUT
source "$(dirname "$0")/recipe.sh"
for labels in true permuted; do
  permute=()
  [[ $labels == true ]] || permute=(--permute-labels)
  recipe "resnet20-$labels" --model cifar-resnet20 --count 5000 --epochs "${RESNET_EPOCHS:-80}" --batch-size 128 --optimizer adamw \
    --rate 4e-3 --decay 0 --schedule cosine --warm-up 0.1 "${permute[@]}"
  recipe "vit-$labels" --model cifar-vit-conv --count 5000 --epochs "${VIT_EPOCHS:-60}" --batch-size 64 --optimizer adamw \
    --rate 1e-3 --decay 0 --schedule cosine --warm-up 0.1 "${permute[@]}"
done
