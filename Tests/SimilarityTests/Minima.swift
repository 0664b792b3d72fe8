import CSimilarity

func minima(_ shingles: [UInt64]) -> [UInt32] {
  var minima = [UInt32](repeating: 0, count: 128)
  bm_minima(shingles, shingles.count, 128, &minima)
  return minima
}
