// Names in a sentence.
import t from 'tap'
import { namesInWords } from '../../../src/core/model/names-in-words.ts'

t.equal(namesInWords(['a', 'b']), 'a, b')
t.match(namesInWords(Array.from({ length: 21 }, () => 'a')), / and 1 more$/)
