import { describe } from 'vitest'
import { holdsForSeeds } from './simulated-seeds.ts'

describe('the simulator', () => holdsForSeeds(101, 200))
