import Files
import Testing

struct PathTests {
  @Test(arguments: [
    ("a/b", "a", "b"), ("a/b/", "a", "b"), ("/b", "/", "b"), ("b", "", "b"), ("bc", "", "bc"),
    ("/a//b.c", "/a", "b.c"), ("..", "", ".."), ("", "", ""),
  ])
  func `a path has a parent and a name`(path: String, parent: String, name: String) {
    #expect(path.parentPath == parent)
    #expect(path.fileName == name)
  }

  @Test(arguments: [
    ("a/b.c", "a/b"), ("b", "b"), (".b", ".b"), ("a.b/c", "a.b/c"), ("x.y.z", "x.y"),
  ])
  func `an extension is what follows the last point of the name`(path: String, rest: String) {
    #expect(path.withoutExtension == rest)
  }
}
