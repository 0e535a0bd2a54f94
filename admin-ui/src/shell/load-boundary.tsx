import { Component, type ReactNode } from 'react'

type LoadBoundaryProps = {
  readonly fallback: ReactNode
  readonly children: ReactNode
  /** Once this is another one, it is tried anew. */
  readonly until?: unknown
}

/** Shows the fallback when what stands inside cannot be loaded or drawn. React offers this to classes only. */
export class LoadBoundary extends Component<LoadBoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override componentDidUpdate({ until }: LoadBoundaryProps) {
    if (this.state.failed && until !== this.props.until) this.setState({ failed: false })
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children
  }
}
