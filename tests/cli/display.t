# The display of a software GPU, as its provider tells it and as a client sees it over vfio-user.
$ mkdir run; vgpuctl --runtime-dir run serve softgpu >served 2>&1 & echo $! >pid; for i in $(seq 100); do vgpuctl --runtime-dir run parents --noheadings -o name 2>&1 | grep softgpu && break; sleep 0.1; done
softgpu
$ vgpuctl --runtime-dir run create -p softgpu -t softgpu-16 c0ffee00-0000-4000-8000-0000000000dd
c0ffee00-0000-4000-8000-0000000000dd:0
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd a.png
! vgpuctl: take a picture: c0ffee00-0000-4000-8000-0000000000dd:0: it shows nothing; no mode is set: the guest's driver does that
? 1
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd a.png --access user
! vgpuctl: map: c0ffee00-0000-4000-8000-0000000000dd:0: the primary plane has no picture yet; a driver in the guest has to set a mode
? 1
# a mode of 64x32, 32 bits a pixel, that starts at 3,5 of 100 columns; and a pixel
$ for r in 1:64 2:32 3:32 6:100 8:3 9:5 4:1; do vgpuctl --runtime-dir run write c0ffee00-0000-4000-8000-0000000000dd bar2+$((0x500 + 2 * ${r%:*})) ${r#*:} -w 2; done
$ vgpuctl --runtime-dir run write c0ffee00-0000-4000-8000-0000000000dd bar0+$(((5 * 100 + 3) * 4)) 0x123456 -w 4
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd a.png
a.png
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd b.png --access user
b.png
$ cmp a.png b.png && echo the same
the same
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd b.png --access user --json
{
  "schema": 1,
  "screenshot": {
    "file": "b.png",
    "width": 64,
    "height": 32,
    "format": "XRGB8888",
    "source": "region"
  },
  "errors": [
  ]
}
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd b.png --json | grep source
    "source": "provider"
$ vgpuctl --runtime-dir run edid c0ffee00-0000-4000-8000-0000000000dd --access user
REGION LINK MODE           SIZE MAX_WIDTH MAX_HEIGHT MAX_SIZE
     9 up   1024x768@60.00  128      1920       1080     1024
$ vgpuctl --runtime-dir run edid c0ffee00-0000-4000-8000-0000000000dd --access user --set 1920x1080
REGION LINK MODE            SIZE MAX_WIDTH MAX_HEIGHT MAX_SIZE
     9 up   1920x1080@60.00  128      1920       1080     1024
$ vgpuctl --runtime-dir run edid c0ffee00-0000-4000-8000-0000000000dd --link down -o link,mode,valid
LINK MODE            VALID
down 1920x1080@60.00 yes
$ vgpuctl --runtime-dir run read c0ffee00-0000-4000-8000-0000000000dd bar2 -n 8
00000000  00 00 00 00 00 00 00 00                           |........|
00000008
$ vgpuctl --runtime-dir run edid c0ffee00-0000-4000-8000-0000000000dd --link up -o link,mode,valid
LINK MODE            VALID
up   1920x1080@60.00 yes
$ vgpuctl --runtime-dir run read c0ffee00-0000-4000-8000-0000000000dd bar2 -n 8
00000000  00 ff ff ff ff ff ff 00                           |........|
00000008
$ vgpuctl --runtime-dir run edid c0ffee00-0000-4000-8000-0000000000dd --set 1928x1080
! vgpuctl: set: c0ffee00-0000-4000-8000-0000000000dd:0: the EDID has a mode of 1928x1080, the device shows at most 1920x1080 (0: any)
? 2
$ vgpuctl --runtime-dir run screenshot c0ffee00-0000-4000-8000-0000000000dd b.png --access iommufd
! vgpuctl: open: @/run/c0ffee00-0000-4000-8000-0000000000dd:0.sock: this is a vfio-user socket: the kernel knows nothing of its device; use the access path user, or auto
? 5
$ kill $(cat pid); for i in $(seq 300); do kill -0 $(cat pid) 2>/dev/null || break; sleep 0.1; done; ls run; cat served
softgpu is ready in @/run
