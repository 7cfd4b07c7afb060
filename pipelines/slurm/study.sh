# A study for submit.sh and for ../snakemake: copy it and say what is to be measured. Bash reads it in the folder where the
# study is submitted. This one is of the embedded images; docs/clusters.md has one of 50,000 photographs.

# A task: its limits, and how many there are and run at once. These may change from one submission to the next.
shards=8
minutes=5
cpus=1
memory=1000 # MiB
at_once=4

# What is measured. The images in a chunk are fixed, so that another number of shards finds the same packs of maps.
chunk=1
model=(--model testbed)
methods=(gradcam integrated-gradients:steps=10 rise:masks=2000,p=0.3 random)
tests=(deletion:steps=20 insertion:steps=20 pos)
metrics=(pointing-game gini) # of the maps themselves
images=(testbed)             # and what else only explain is told: --target, --root, --reduce

# stage=/project/val.tar     # unpacked on each node: images are named from there, all other paths are absolute
# errors=1%                  # maps of a shard that may fail
