<?php
/**
 * One refund as the owner sees it.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Joins what the service wrote with what the plugin knows of its own deliveries and mails.
 */
final class Refund_View {

	/**
	 * A state of the service, or waiting or told while it has written none.
	 *
	 * @var string
	 */
	public $state;

	/**
	 * The refund.
	 *
	 * @var \WC_Order_Refund
	 */
	private $refund;

	/**
	 * Its entry in the record.
	 *
	 * @var array
	 */
	private $entry;

	/**
	 * Builds it.
	 *
	 * @param \WC_Order        $order  The order.
	 * @param \WC_Order_Refund $refund The refund.
	 */
	public static function of( $order, $refund ): self {
		$record       = Record::of( $order );
		$id           = (string) $refund->get_id();
		$view         = new self();
		$view->refund = $refund;
		$view->entry  = isset( $record[ $id ] ) ? $record[ $id ] : array();
		$view->state  = isset( $record[ $id ] ) ? $record[ $id ]['state'] : self::before_record( (string) $refund->get_meta( Deliveries::TOLD ), (string) $refund->get_meta( Deliveries::ANSWERED ) );
		return $view;
	}

	/**
	 * What is true while the service has written nothing.
	 *
	 * @param string $told     Whether the service has heard of it.
	 * @param string $answered The state that it answered, if it did.
	 */
	public static function before_record( string $told, string $answered ): string {
		if ( 'told' !== $told ) {
			return 'waiting';
		}
		return '' === $answered ? 'told' : $answered;
	}

	/**
	 * The refund in the box, as safe HTML.
	 */
	public function html(): string {
		$price = wc_price( $this->refund->get_amount(), array( 'currency' => $this->refund->get_currency() ) );
		/* translators: %d: refund number */
		$head  = esc_html( sprintf( __( 'Refund #%d', 'pef-refunds' ), $this->refund->get_id() ) );
		$parts = array( '<p><strong>' . $head . '</strong> · ' . wp_kses_post( $price ) . '<br />' . States::badge( $this->state ) . '</p>' );
		foreach ( array_filter( array( $this->sentence(), $this->expected(), $this->mail() ) ) as $text ) {
			$parts[] = '<p class="description">' . esc_html( $text ) . '</p>';
		}
		$parts[] = $this->link();
		return '<div class="pef-refund">' . implode( '', $parts ) . '</div>';
	}

	/**
	 * Why it is held or not paid, in the service's words, while they still fit; else what its state means.
	 */
	private function sentence(): string {
		$said = (string) $this->refund->get_meta( Deliveries::SENTENCE );
		$then = (string) $this->refund->get_meta( Deliveries::ANSWERED );
		$fits = $then === $this->state && in_array( $then, array( 'held', 'rejected', 'failed' ), true );
		return '' !== $said && $fits ? $said : States::meaning( $this->state );
	}

	/**
	 * The expected date, while the money is on its way.
	 */
	private function expected(): string {
		$date = isset( $this->entry['expected_on'] ) ? strtotime( $this->entry['expected_on'] . ' UTC' ) : false;
		if ( ! $date || in_array( $this->state, States::QUIET, true ) ) {
			return '';
		}
		/* translators: %s: date */
		return sprintf( __( 'Expected on %s', 'pef-refunds' ), wp_date( (string) get_option( 'date_format' ), $date, new \DateTimeZone( 'UTC' ) ) );
	}

	/**
	 * What the customer has been told.
	 */
	private function mail(): string {
		if ( Mails::is_held( $this->refund ) ) {
			return __( 'The customer has not been told by mail yet.', 'pef-refunds' );
		}
		return Mails::SENT === $this->refund->get_meta( Mails::META ) ? __( 'The customer has been told by mail.', 'pef-refunds' ) : '';
	}

	/**
	 * The way to the console, as safe HTML.
	 */
	private function link(): string {
		$our_id = isset( $this->entry['our_id'] ) ? (string) $this->entry['our_id'] : '';
		$link   = Settings::console_link( $our_id );
		return '' === $link ? '' : '<p><a href="' . esc_url( $link ) . '" target="_blank" rel="noopener noreferrer">' . esc_html( $our_id ) . '</a> <span class="dashicons dashicons-external" aria-hidden="true"></span></p>';
	}
}
