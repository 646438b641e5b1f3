package grayjpeg

// The inverse cosine transform of Loeffler, Ligtenberg and Moschytz (Practical Fast
// 1-D DCT Algorithms with 11 Multiplications, 1989), in fixed point.
const (
	pointBits = 13
	// moreBits are kept between the columns and the rows.
	moreBits = 2

	c0298 = 2446  // 0.298631336
	c0390 = 3196  // 0.390180644
	c0541 = 4433  // 0.541196100
	c0765 = 6270  // 0.765366865
	c0899 = 7373  // 0.899976223
	c1175 = 9633  // 1.175875602
	c1501 = 12299 // 1.501321110
	c1847 = 15137 // 1.847759065
	c1961 = 16069 // 1.961570560
	c2053 = 16819 // 2.053119869
	c2562 = 20995 // 2.562915447
	c3072 = 25172 // 3.072711026
)

// transform writes the levels of the block that was read last.
func (r *reader) transform(dst []uint8, stride int) {
	c := &r.coef
	if r.last == 0 {
		level := clamp((c[0]+4)>>3 + 128)
		for range 8 {
			row := dst[:8:8]
			for x := range row {
				row[x] = level
			}
			dst = dst[min(stride, len(dst)):]
		}
		return
	}
	for x := range 8 {
		v := c[x:]
		if v[8]|v[16]|v[24]|v[32]|v[40]|v[48]|v[56] == 0 {
			flat := v[0] << moreBits
			v[0], v[8], v[16], v[24], v[32], v[40], v[48], v[56] = flat, flat, flat, flat, flat, flat, flat, flat
			continue
		}
		const round, shift = 1 << (pointBits - moreBits - 1), pointBits - moreBits
		a0, a1, a2, a3, b0, b1, b2, b3 := butterfly(v[0], v[8], v[16], v[24], v[32], v[40], v[48], v[56])
		v[0], v[56] = (a0+b0+round)>>shift, (a0-b0+round)>>shift
		v[8], v[48] = (a1+b1+round)>>shift, (a1-b1+round)>>shift
		v[16], v[40] = (a2+b2+round)>>shift, (a2-b2+round)>>shift
		v[24], v[32] = (a3+b3+round)>>shift, (a3-b3+round)>>shift
	}
	for y := range 8 {
		v := c[8*y : 8*y+8 : 8*y+8]
		row := dst[:8:8]
		const shift = pointBits + moreBits + 3
		const round = 1<<(shift-1) + 128<<shift
		a0, a1, a2, a3, b0, b1, b2, b3 := butterfly(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
		row[0], row[7] = clamp((a0+b0+round)>>shift), clamp((a0-b0+round)>>shift)
		row[1], row[6] = clamp((a1+b1+round)>>shift), clamp((a1-b1+round)>>shift)
		row[2], row[5] = clamp((a2+b2+round)>>shift), clamp((a2-b2+round)>>shift)
		row[3], row[4] = clamp((a3+b3+round)>>shift), clamp((a3-b3+round)>>shift)
		dst = dst[min(stride, len(dst)):]
	}
}

func clamp(v int32) uint8 { return uint8(max(0, min(v, 255))) }

// butterfly transforms eight coefficients into the sums and differences that the
// levels are made of: the first is a0+b0, the last a0-b0.
func butterfly(v0, v1, v2, v3, v4, v5, v6, v7 int32) (a0, a1, a2, a3, b0, b1, b2, b3 int32) {
	z := (v2 + v6) * c0541
	e, f := z-v6*c1847, z+v2*c0765
	s, t := (v0+v4)<<pointBits, (v0-v4)<<pointBits
	a0, a1, a2, a3 = s+f, t+e, t-e, s-f

	z1, z2, z3, z4 := v7+v1, v5+v3, v7+v3, v5+v1
	z5 := (z3 + z4) * c1175
	z1, z2, z3, z4 = -z1*c0899, -z2*c2562, z5-z3*c1961, z5-z4*c0390
	b3 = v7*c0298 + z1 + z3
	b2 = v5*c2053 + z2 + z4
	b1 = v3*c3072 + z2 + z3
	b0 = v1*c1501 + z1 + z4
	return a0, a1, a2, a3, b0, b1, b2, b3
}
