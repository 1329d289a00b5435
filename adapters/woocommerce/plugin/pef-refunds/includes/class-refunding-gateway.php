<?php
/**
 * Stands in for a gateway while one refund is being made.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Looks like the gateway; only its refunds go to the service.
 */
final class Refunding_Gateway extends \WC_Payment_Gateway {

	/**
	 * The gateway itself.
	 *
	 * @var \WC_Payment_Gateway
	 */
	private $inner;

	/**
	 * Takes on the gateway's looks.
	 *
	 * @param \WC_Payment_Gateway $inner The gateway.
	 */
	public function __construct( $inner ) {
		$this->inner              = $inner;
		$this->id                 = $inner->id;
		$this->enabled            = $inner->enabled;
		$this->title              = $inner->title;
		$this->method_title       = $inner->method_title;
		$this->method_description = $inner->method_description;
		$this->settings           = $inner->settings;
		$this->supports           = array_merge( (array) $inner->supports, array( 'refunds' ) );
	}

	/**
	 * The gateway itself.
	 */
	public function inner(): \WC_Payment_Gateway {
		return $this->inner;
	}

	/**
	 * Payments are still the gateway's own.
	 *
	 * @param int $order_id The order.
	 * @return array
	 */
	public function process_payment( $order_id ) {
		return $this->inner->process_payment( $order_id );
	}

	/**
	 * Asks the service.
	 *
	 * @param int        $order_id The order.
	 * @param float|null $amount   Not used: the service reads the amount from the refund itself.
	 * @param string     $reason   Not used, likewise.
	 * @return bool|\WP_Error
	 */
	public function process_refund( $order_id, $amount = null, $reason = '' ) {
		return Native_Way::ask( $order_id );
	}

	/**
	 * Whatever else the gateway can do.
	 *
	 * @param string $name      A method.
	 * @param array  $arguments Its arguments.
	 * @return mixed
	 */
	public function __call( $name, $arguments ) {
		return $this->inner->$name( ...$arguments );
	}
}
