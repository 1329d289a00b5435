<?php
/**
 * What the service answered, if it did.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * An answer, a refusal, or the fact that nobody knows whether the call arrived.
 */
final class Answer {

	/**
	 * HTTP status; 0 if there was no answer.
	 *
	 * @var int
	 */
	public $status;

	/**
	 * The JSON object that was answered.
	 *
	 * @var array
	 */
	public $said;

	/**
	 * Why there was no answer.
	 *
	 * @var string
	 */
	private $why;

	/**
	 * Builds it.
	 *
	 * @param int    $status HTTP status; 0 if there was no answer.
	 * @param array  $said   What was answered.
	 * @param string $why    Why there was no answer.
	 */
	public function __construct( int $status, array $said, string $why = '' ) {
		$this->status = $status;
		$this->said   = $said;
		$this->why    = $why;
	}

	/**
	 * From what WordPress's HTTP functions give.
	 *
	 * @param array|\WP_Error $response A response.
	 */
	public static function of( $response ): self {
		if ( is_wp_error( $response ) ) {
			return self::not_there( $response->get_error_message() );
		}
		$said = json_decode( wp_remote_retrieve_body( $response ), true );
		return new self( (int) wp_remote_retrieve_response_code( $response ), is_array( $said ) ? $said : array() );
	}

	/**
	 * Nothing was answered.
	 *
	 * @param string $why Why.
	 */
	public static function not_there( string $why ): self {
		return new self( 0, array(), $why );
	}

	/**
	 * Whether the service took the call.
	 */
	public function is_good(): bool {
		return 200 === $this->status;
	}

	/**
	 * Whether the service surely did not take the call: it said no itself.
	 */
	public function is_refusal(): bool {
		return $this->status >= 400 && $this->status < 500 && ! in_array( $this->status, array( 408, 425, 429 ), true );
	}

	/**
	 * One text of the answer, or an empty text.
	 *
	 * @param string $name A field.
	 */
	public function text( string $name ): string {
		return isset( $this->said[ $name ] ) && is_scalar( $this->said[ $name ] ) ? (string) $this->said[ $name ] : '';
	}

	/**
	 * What went wrong, for people.
	 */
	public function trouble(): string {
		if ( '' !== $this->text( 'message' ) ) {
			return $this->text( 'message' );
		}
		if ( 0 === $this->status ) {
			/* translators: %s: technical reason */
			return sprintf( __( 'The refund service could not be reached (%s).', 'pef-refunds' ), $this->why );
		}
		/* translators: %d: HTTP status */
		return sprintf( __( 'The refund service answered with status %d.', 'pef-refunds' ), $this->status );
	}
}
